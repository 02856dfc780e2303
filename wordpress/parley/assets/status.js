/* The two tables of the status page that only a browser, or Parley itself, can fill. */
( function () {
	'use strict';

	const data = JSON.parse( document.getElementById( 'parley-status-data' ).textContent );
	const words = data.words;

	const row = ( table, verdict, what, text, mend ) => {
		const line = document.createElement( 'tr' );
		line.className = 'parley-' + verdict;
		const cell = ( name, content ) => {
			const made = document.createElement( name );
			made.append( content );
			line.append( made );
			return made;
		};
		const mark = document.createElement( 'span' );
		mark.className = 'parley-verdict';
		mark.textContent = words[ verdict ] || verdict;
		cell( 'td', mark );
		cell( 'th', what ).scope = 'row';
		const told = cell( 'td', text );
		if ( mend ) {
			const advice = document.createElement( 'p' );
			advice.className = 'description';
			advice.textContent = mend;
			told.append( advice );
		}
		document.querySelector( '#' + table + ' tbody' ).append( line );
	};

	const ask = ( url ) => fetch( url, { headers: { 'X-WP-Nonce': data.nonce }, credentials: 'same-origin', cache: 'no-store' } );

	const route = async ( [ what, url, needed ] ) => {
		let answer;
		try {
			answer = await ask( url );
		} catch ( e ) {
			row( 'parley-routes', 'problem', what, words.silent, words.mend );
			return;
		}
		const code = answer.ok ? '' : await answer.json().then( ( body ) => body.code, () => '' );
		if ( ! answer.ok && ! needed ) {
			row( 'parley-routes', 'note', what, words.optional );
		} else if ( code === 'rest_no_route' ) {
			row( 'parley-routes', 'problem', what, words.wordpress, words.mend );
		} else if ( ! answer.ok ) {
			row( 'parley-routes', 'problem', what, words.other.replace( '%s', answer.status + ' ' + code ), words.mend );
		} else if ( answer.headers.get( 'X-Parley-Via' ) ) {
			row( 'parley-routes', 'ok', what, words.plugin );
		} else if ( ! needed && ! answer.headers.get( 'X-Request-Id' ) ) {
			row( 'parley-routes', 'note', what, words.optional );
		} else {
			row( 'parley-routes', 'ok', what, words.proxy );
		}
	};

	const inbox = async () => {
		try {
			const answer = await fetch( data.inbox, { credentials: 'same-origin', cache: 'no-store' } );
			if ( ! answer.ok ) {
				row( 'parley-routes', 'problem', words.inbox, words.other.replace( '%s', answer.status ), words.mend );
			} else if ( answer.headers.get( 'X-Parley-Via' ) === 'theme' ) {
				row( 'parley-routes', 'ok', words.inbox, words.theme );
			} else {
				row( 'parley-routes', 'note', words.inbox, words.own, words.ownMend );
			}
		} catch ( e ) {
			row( 'parley-routes', 'problem', words.inbox, words.silent, words.mend );
		}
	};

	const doctor = async () => {
		try {
			const answer = await ask( data.doctor );
			const report = await answer.json();
			if ( ! answer.ok ) {
				throw new Error( report.message );
			}
			row( 'parley-doctor', 'ok', words.doctor, words.version.replace( '%s', report.version ) );
			report.findings.forEach( ( f ) => row( 'parley-doctor', f.verdict, f.check, f.text, f.mend ) );
		} catch ( e ) {
			row( 'parley-doctor', 'problem', words.doctor, words.noDoctor, words.doctorMend );
		}
		document.getElementById( 'parley-doctor' ).dataset.done = '';
	};

	( async () => {
		for ( const r of data.routes ) {
			await route( r );
		}
		await inbox();
		document.getElementById( 'parley-routes' ).dataset.done = '';
		await doctor();
	} )();
} )();
