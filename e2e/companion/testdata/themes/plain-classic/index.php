<?php
get_header();
while ( have_posts() ) {
	the_post();
	echo '<article id="post-' . get_the_ID() . '"><h1 class="entry-title">' . esc_html( get_the_title() ) . '</h1>';
	edit_post_link( 'Edit this' );
	echo '<div class="entry-content">';
	the_content();
	wp_link_pages();
	echo '</div></article>';
	if ( comments_open() || get_comments_number() ) {
		comments_template();
	}
}
get_footer();
